import { type ComponentProps, type MouseEvent, useEffect, useSyncExternalStore } from "react";

export type Place = { path: string; query: URLSearchParams; hash: string };

/** Where the address bar is; renders again when it changes. */
export function usePlace(): Place {
  const href = useSyncExternalStore(subscribe, () => window.location.href);
  const { pathname, searchParams, hash } = new URL(href);
  return { path: pathname, query: searchParams, hash: hash.slice(1) };
}

export function navigate(to: string, { replace = false } = {}) {
  if (replace) window.history.replaceState(null, "", to);
  else window.history.pushState(null, "", to);
  for (const tell of listeners) tell();
}

export function Redirect({ to }: { to: string }) {
  useEffect(() => navigate(to, { replace: true }), [to]);
  return null;
}

type LinkProps = ComponentProps<"a"> & { href: string };

/** A link inside the app; clicks with a modifier keep the browser's meaning. */
export function Link({ href, onClick, ...rest }: LinkProps) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const modified = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0;
    if (modified || event.defaultPrevented) return;
    event.preventDefault();
    navigate(href);
  };
  return <a href={href} onClick={follow} {...rest} />;
}

const listeners = new Set<() => void>();

function subscribe(tell: () => void) {
  listeners.add(tell);
  window.addEventListener("popstate", tell);
  window.addEventListener("hashchange", tell);
  return () => {
    listeners.delete(tell);
    window.removeEventListener("popstate", tell);
    window.removeEventListener("hashchange", tell);
  };
}
