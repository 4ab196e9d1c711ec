import { Connection } from "./connection.ts";

/** Hears what the server says on a private topic. "live" is said whenever the connection is there (again). */
export function listenToTopic(
  topic: string,
  listener: (event: string, payload: Record<string, unknown>) => void,
): () => void {
  const connection: Connection = new Connection((client) => {
    const channel = client.channel(topic, { config: { private: true } });
    channel.on("broadcast", { event: "*" }, ({ event, payload }) => listener(event, payload ?? {}));
    channel.subscribe((status) => {
      if (!connection.uses(client)) return;
      if (status === "SUBSCRIBED") {
        connection.live();
        listener("live", {});
      } else connection.lost(client, status === "CLOSED");
    });
  });
  return () => connection.close();
}
