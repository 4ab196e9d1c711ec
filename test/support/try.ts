import { openWorld } from "./world.ts";
const t=performance.now();
await using w = await openWorld();
console.log(performance.now()-t, (await w.pool.query("select count(*) from app.people")).rows);
