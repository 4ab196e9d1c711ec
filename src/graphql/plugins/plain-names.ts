/** Plain `id` instead of `rowId`, and no schema in the names of what the exposed schemas hold: Room, not ChatRoom. */
export function plainNames(exposedSchemas: readonly string[]): GraphileConfig.Plugin {
  return {
    name: "HowdahPlainNamesPlugin",
    version: "0.0.0",
    inflection: {
      replace: {
        _attributeName(previous, _options, details) {
          return previous?.({ ...details, skipRowId: true }) ?? details.attributeName;
        },
        _schemaPrefix(previous, _options, details) {
          return exposedSchemas.includes(details.pgNamespace.nspname) ? "" : (previous?.(details) ?? "");
        },
        // Inside PostGraphile functions keep their schema, so that helpers of two schemas may share a name; only what is
        // granted gets a field, and only there a shared name is a clash.
        functionResourceName(_previous, _options, details) {
          const { tags } = details.pgProc.getTagsAndDescription();
          if (typeof tags.name === "string") return tags.name;
          return `${details.pgProc.getNamespace()?.nspname}_${details.pgProc.proname}`;
        },
        _functionName(_previous, _options, { resource }) {
          const { tags, pg } = resource.extensions ?? {};
          return typeof tags?.name === "string" ? tags.name : (pg?.name ?? resource.name);
        },
      },
    },
  };
}
