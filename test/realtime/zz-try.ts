import { openNotes, startWatching, Watcher, everything } from "./changes.ts";
const w = await openNotes(); const relay = await startWatching(w); const c = await w.pool.connect();
const y = await Watcher.of(w, relay, [{...everything, event: "INSERT"}]);
const lat:number[]=[]; for(let i=0;i<600;i++){ const p=y.changes.next(({data})=>data.record.id===i); await c.query("insert into public.notes (id,room) values ($1,'x')",[i]); const t=performance.now(); await p; lat.push(performance.now()-t); await new Promise(r=>setTimeout(r,5)); }
lat.splice(0,100); lat.sort((a,b)=>a-b); console.log("latency p50", lat[250]!.toFixed(2), "p95", lat[475]!.toFixed(2), "p99", lat[495]!.toFixed(2));
process.exit(0);
