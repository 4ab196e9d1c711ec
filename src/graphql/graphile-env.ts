// Grafast asks for this variable when it is first imported and prints a warning at each start without it, so this module
// has to be imported before anything of PostGraphile.
process.env.GRAPHILE_ENV ??= "production";
