import { useEffect, useState } from "react";
import { getJson } from "./http.ts";

export type Config = { apikey: string; demo: boolean; mailbox: boolean; graphiql: boolean };

let loading: Promise<Config> | null = null;

/** The server's public configuration, asked for once; a failed attempt is forgotten, so the next caller asks again. */
export function loadConfig(): Promise<Config> {
  loading ??= getJson<Config>("/api/config").catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** The configuration, or null until it is known. */
export function useConfig(): Config | null {
  const [config, setConfig] = useState<Config | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = () => {
      loadConfig().then(setConfig, () => {
        timer = setTimeout(ask, 3_000);
      });
    };
    ask();
    return () => clearTimeout(timer);
  }, []);
  return config;
}
