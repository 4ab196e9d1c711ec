import { registerHooks } from "node:module";

/** Preloaded (`--import`): the packages of FORBIDDEN_PACKAGES, with spaces between them, are as if not installed. */
const forbidden = (process.env.FORBIDDEN_PACKAGES ?? "").split(" ").filter(Boolean);

registerHooks({
  resolve(specifier, context, next) {
    if (forbidden.some((name) => specifier === name || specifier.startsWith(`${name}/`)))
      throw new Error(`Cannot find package ${specifier}: the image does not have it`);
    return next(specifier, context);
  },
});
