import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/controls.css";
import "../styles/forms.css";
import "../styles/parts.css";
import "../styles/overlays.css";
import "../styles/tabs.css";
import "../styles/mailbox.css";
import { Mailbox } from "./mailbox.tsx";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no element #root");
createRoot(root).render(
  <StrictMode>
    <Mailbox />
  </StrictMode>,
);
