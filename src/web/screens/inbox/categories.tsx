import type { ReactNode } from "react";

type Category = { word: string; about: string; sign: ReactNode };

const CATEGORIES: Record<string, Category> = {
  announcement: {
    word: "Announcements",
    about: "What teachers and the community tell everybody",
    sign: <path d="M4 10v4h3l8 4V6l-8 4zM18 9.5a4 4 0 0 1 0 5M7 14l1.5 6" />,
  },
  event: {
    word: "Events",
    about: "Invitations, changes, reminders",
    sign: <path d="M4 6h16v14H4zM4 10.5h16M8.5 3.5v4M15.5 3.5v4" />,
  },
  grade: {
    word: "Grades",
    about: "Released and corrected grades",
    sign: <path d="M3 9l9-4.5L21 9l-9 4.5zM6.5 11v5c3 2.6 8 2.6 11 0v-5" />,
  },
  "chat-mention": {
    word: "Mentions",
    about: "When somebody mentions you in a room",
    sign: (
      <path d="M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM15.5 8.5v5c0 3 5 3 5-1.5a8.5 8.5 0 1 0-3.5 7" />
    ),
  },
  "chat-direct": {
    word: "Direct messages",
    about: "Messages to you alone that you have not read",
    sign: <path d="M4 5h16v11H9.5L5 20v-4H4z" />,
  },
  campaign: {
    word: "Campaigns",
    about: "Letters about donations and pledges",
    sign: <path d="M3.5 6h17v12.5h-17zM4 7l8 6 8-6" />,
  },
  security: {
    word: "Security",
    about: "Sign-ins and changes to your account",
    sign: <path d="M12 3.5l7 2.5v5.5c0 4.3-2.9 7.4-7 9-4.1-1.6-7-4.7-7-9V6z" />,
  },
  account: {
    word: "Your account",
    about: "Invitations and memberships",
    sign: (
      <path d="M12 4.5a3.7 3.7 0 1 0 0 7.4 3.7 3.7 0 0 0 0-7.4zM4.8 20c.6-4 3.5-6 7.2-6s6.600 2 7.200 6" />
    ),
  },
};

export function categoryOf(category: string): Category {
  return CATEGORIES[category] ?? { word: category, about: "", sign: <path d="M12 8v5M12 16.500v.1" /> };
}

export function CategoryIcon({ category }: { category: string }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      {categoryOf(category).sign}
    </svg>
  );
}
