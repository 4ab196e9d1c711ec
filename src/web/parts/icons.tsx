import type { ReactNode } from "react";

export const BackIcon = () => icon(<path d="M15 5l-7 7 7 7" />);
export const PeopleIcon = () =>
  icon(
    <>
      <circle cx="9" cy="8" r="3.5" />
      <path d="M2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6M16 5a3.5 3.5 0 0 1 0 6.5M18 14.6c2.2.8 3.5 2.7 3.5 5.4" />
    </>,
  );
export const SendIcon = () => icon(<path d="M4 12L20 4l-5 16-3.5-6.5z M11.5 13.5L20 4" />);
export const CloseIcon = () => icon(<path d="M6 6l12 12M18 6L6 18" />);
export const DownIcon = () => icon(<path d="M12 5v14M6 13l6 6 6-6" />);

function icon(content: ReactNode) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      {content}
    </svg>
  );
}
