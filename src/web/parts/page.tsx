import type { ReactNode } from "react";
import "../styles/parts.css";
import "../styles/dialog.css";
import { BackIcon } from "./icons.tsx";
import { Link } from "./router.tsx";

type PageProps = {
  title: string;
  /** Under the title. */
  lead?: ReactNode;
  back?: { label: string; href: string };
  actions?: ReactNode;
  width?: "narrow" | "whole";
  children: ReactNode;
};

/** The frame of a screen that is one column: where it leads back to, its title, what can be done, its content. */
export function Page({ title, lead, back, actions, width, children }: PageProps) {
  return (
    <main className="screen page">
      <title>{`${title} · Howdah`}</title>
      <div className={`page-frame ${width ?? ""}`}>
        <div className="page-head">
          <div className="page-names">
            {back && (
              <Link className="page-back" href={back.href}>
                <BackIcon />
                {back.label}
              </Link>
            )}
            <h1>{title}</h1>
            {lead && <p>{lead}</p>}
          </div>
          {actions && <div className="page-actions">{actions}</div>}
        </div>
        {children}
      </div>
    </main>
  );
}
