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

export const MoreIcon = () =>
  icon(
    <g fill="currentColor" stroke="none">
      <circle cx="5" cy="12" r="1.8" />
      <circle cx="12" cy="12" r="1.8" />
      <circle cx="19" cy="12" r="1.8" />
    </g>,
  );
export const SearchIcon = () =>
  icon(
    <>
      <circle cx="10.5" cy="10.5" r="6.5" />
      <path d="M15.5 15.5L21 21" />
    </>,
  );
export const ReplyIcon = () => icon(<path d="M9 6l-6 5.5L9 17M3.5 11.5H14a6.5 6.5 0 0 1 6.5 6.5v1" />);
export const SmileIcon = () =>
  icon(
    <>
      <circle cx="12" cy="12" r="9" />
      <path d="M8 14.2c1 1.5 2.4 2.3 4 2.3s3-.8 4-2.3M9 9.2v.6M15 9.2v.6" />
    </>,
  );
export const PinIcon = () => icon(<path d="M9 4h6l-.8 6.2 3.3 3.3H6.5l3.3-3.3zM12 13.5V21" />);
export const PlusIcon = () => icon(<path d="M12 5v14M5 12h14" />);
export const MutedIcon = () =>
  icon(<path d="M6 17h12M8 17v-6a4 4 0 0 1 6.5-3.1M16 11.5V17M10.5 20h3M4 4l16 16" />);
export const LockIcon = () =>
  icon(
    <>
      <rect x="5" y="11" width="14" height="9" rx="2" />
      <path d="M8 11V8a4 4 0 0 1 8 0v3" />
    </>,
  );
export const MegaphoneIcon = () =>
  icon(<path d="M4 10v4h3l8 4.5v-13L7 10zM18.5 9.2a4 4 0 0 1 0 5.6M7.5 14.5L9 20" />);
export const HashIcon = () => icon(<path d="M9.5 4l-2 16M16.5 4l-2 16M4.5 9h16M3.5 15h16" />);
export const CheckIcon = () => icon(<path d="M5 12.5l4.5 4.5L19 7.5" />);
export const DeviceIcon = () =>
  icon(
    <>
      <rect x="3" y="5" width="18" height="11" rx="2" />
      <path d="M9 20h6M12 16v4" />
    </>,
  );
export const MailIcon = () =>
  icon(
    <>
      <rect x="3" y="5" width="18" height="14" rx="2" />
      <path d="M3.5 7l8.5 6 8.5-6" />
    </>,
  );
export const LinkIcon = () =>
  icon(
    <path d="M10 14a4 4 0 0 0 5.7 0l3.1-3.1a4 4 0 0 0-5.7-5.7l-1.5 1.5M14 10a4 4 0 0 0-5.7 0l-3.1 3.1a4 4 0 0 0 5.7 5.7l1.5-1.5" />,
  );

function icon(content: ReactNode) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      {content}
    </svg>
  );
}
