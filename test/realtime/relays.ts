import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { type RealtimeChannel, RealtimeClient, type RealtimeClientOptions } from "@supabase/realtime-js";
import { anonKey, mintToken } from "#auth/jwt.ts";
import { Relay, type RelayOptions } from "#realtime/relay.ts";
import { disconnect } from "../support/realtime-client.ts";
import { openWorld, type World } from "../support/world.ts";

export const member = "11111111-1111-4111-8111-111111111111";
export const stranger = "22222222-2222-4222-8222-222222222222";

/** A world in which `member`, and nobody else, may do everything in the private rooms `club:…`. */
export async function openClub(): Promise<World> {
  const world = await openWorld();
  const mine = `realtime.topic() like 'club:%' and current_setting('request.jwt.claims')::jsonb ->> 'sub' = '${member}'`;
  await world.pool.query(`
    create policy test_read on realtime.messages for select to authenticated using (${mine});
    create policy test_write on realtime.messages for insert to authenticated with check (${mine})`);
  return world;
}

export type RunningRelay = AsyncDisposable & { relay: Relay; port: number };

export async function startRelay(
  world: World,
  limits: RelayOptions["limits"] = {},
  options: Partial<RelayOptions> = {},
): Promise<RunningRelay> {
  const { databaseUrl, jwtSecret, pool } = world;
  const relay = new Relay({ databaseUrl, jwtSecret, pool, limits, beatMs: 500, ...options });
  await relay.start();
  const server = createServer((_request, response) => response.writeHead(404).end());
  server.on("upgrade", (request, socket, head) => relay.handleUpgrade(request, socket, head));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    relay,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      server.close();
    },
  };
}

export type RelayProcess = AsyncDisposable & { port: number; process: ChildProcess };

/** A relay in a process of its own, to be killed. */
export async function spawnRelay(
  world: World,
  options: Pick<RelayOptions, "beatMs" | "holdMs"> = {},
): Promise<RelayProcess> {
  const script = path.join(import.meta.dirname, "relay-process.ts");
  const child = spawn(
    process.execPath,
    [script, world.databaseUrl, world.jwtSecret, JSON.stringify(options)],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return {
    port: Number(line),
    process: child,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    },
  };
}

export function tokenOf(world: World, sub: string, lifetime = 600): Promise<string> {
  return mintToken({ sub, role: "authenticated" }, world.jwtSecret, lifetime);
}

export type Client = Disposable & { realtime: RealtimeClient };

/** The unmodified client of Supabase. */
export async function openClient(
  world: World,
  { port }: { port: number },
  options: Omit<RealtimeClientOptions, "params"> = {},
): Promise<Client> {
  const apikey = await anonKey(world.jwtSecret);
  const realtime = new RealtimeClient(`ws://127.0.0.1:${port}/socket`, {
    params: { apikey },
    timeout: 5000,
    ...options,
  });
  return { realtime, [Symbol.dispose]: () => disconnect(realtime) };
}

/** Resolves with the first status of a subscription, and the error that came with it. */
export function subscribed(
  channel: RealtimeChannel,
): Promise<{ status: string; message: string | undefined }> {
  return new Promise((resolve) => {
    channel.subscribe((status, error) => resolve({ status, message: error?.message }));
  });
}
