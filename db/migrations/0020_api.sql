-- What the owner of the community sees of the queue and does with it, through GraphQL.

create schema operators;
comment on schema operators is E'@howdah @api\nThe queue, for the owner of the community.';
