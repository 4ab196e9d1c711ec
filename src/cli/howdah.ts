#!/usr/bin/env node
import { keepCompiled } from "#lib/compile-cache.ts";

keepCompiled();
await import("#cli/program.ts");
