import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { restoreSession } from "./api/session.ts";
import { App } from "./app.tsx";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/shell.css";
import "./styles/dialog.css";
import "./styles/forms.css";
import "./styles/parts.css";
import "./styles/overlays.css";
import "./styles/sign-in.css";
import "./styles/tabs.css";

void restoreSession();

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no element #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
