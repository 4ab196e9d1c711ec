/** What the pages without sign-in say. */
export type Words = {
  lang: string;
  leaveTitle: (what: string) => string;
  leaveText: (address: string) => string;
  leaveButton: string;
  leftTitle: (what: string) => string;
  leftText: (address: string) => string;
  undo: string;
  more: string;
  backTitle: (what: string) => string;
  preferencesTitle: string;
  preferencesText: (address: string) => string;
  always: string;
  save: string;
  saved: string;
  goneTitle: string;
  goneText: string;
  frequencies: Record<string, string>;
  categories: Record<string, { name: string; about: string }>;
};

export function wordsIn(locale: string | undefined): Words {
  return locale?.split("-")[0] === "id" ? id : en;
}

/** A category of which nobody has said what it is called: as it is written. */
export function categoryIn(words: Words, category: string): { name: string; about: string } {
  return words.categories[category] ?? { name: category, about: "" };
}

const en: Words = {
  lang: "en",
  leaveTitle: (what) => `No more mail about “${what}”?`,
  leaveText: (address) => `Letters of this kind would not be sent to ${address} any more.`,
  leaveButton: "Unsubscribe",
  leftTitle: (what) => `You get no more mail about “${what}”`,
  leftText: (address) => `Letters of this kind are not sent to ${address} any more.`,
  undo: "Undo",
  more: "Choose what is mailed, and how often",
  backTitle: (what) => `You get mail about “${what}” again`,
  preferencesTitle: "What is mailed to you",
  preferencesText: (address) => `How often mail comes to ${address}.`,
  always: "Always",
  save: "Save",
  saved: "Saved.",
  goneTitle: "This link does not work any more",
  goneText: "Take the one in a newer letter, or sign in to choose what is mailed to you.",
  frequencies: {
    instant: "At once",
    "digest-daily": "Once a day, together",
    "digest-weekly": "Once a week, together",
    off: "Never",
  },
  categories: {
    announcement: { name: "Announcements", about: "What teachers and the community tell everybody" },
    event: { name: "Events", about: "Invitations, changes, reminders" },
    grade: { name: "Grades", about: "Released and corrected grades" },
    "chat-mention": { name: "Mentions", about: "When somebody mentions you in a room" },
    "chat-direct": { name: "Direct messages", about: "Messages to you alone that you have not read" },
    campaign: { name: "Campaigns", about: "Letters about donations and pledges" },
    digest: { name: "Summaries", about: "What is new, together in one letter" },
    security: { name: "Security", about: "Sign-ins and changes to your account" },
    account: { name: "Your account", about: "Sign-in links, invitations and memberships" },
  },
};

const id: Words = {
  lang: "id",
  leaveTitle: (what) => `Berhenti menerima surel “${what}”?`,
  leaveText: (address) => `Surat seperti ini tidak akan dikirim lagi ke ${address}.`,
  leaveButton: "Berhenti berlangganan",
  leftTitle: (what) => `Anda tidak lagi menerima surel “${what}”`,
  leftText: (address) => `Surat seperti ini tidak dikirim lagi ke ${address}.`,
  undo: "Batalkan",
  more: "Pilih surel yang dikirim, dan seberapa sering",
  backTitle: (what) => `Anda menerima surel “${what}” lagi`,
  preferencesTitle: "Surel untuk Anda",
  preferencesText: (address) => `Seberapa sering surel dikirim ke ${address}.`,
  always: "Selalu",
  save: "Simpan",
  saved: "Tersimpan.",
  goneTitle: "Tautan ini tidak berlaku lagi",
  goneText:
    "Gunakan tautan di surat yang lebih baru, atau masuk untuk memilih surel yang dikirim kepada Anda.",
  frequencies: {
    instant: "Segera",
    "digest-daily": "Sekali sehari, digabung",
    "digest-weekly": "Sekali seminggu, digabung",
    off: "Tidak pernah",
  },
  categories: {
    announcement: { name: "Pengumuman", about: "Kabar dari guru dan komunitas untuk semua" },
    event: { name: "Acara", about: "Undangan, perubahan, pengingat" },
    grade: { name: "Nilai", about: "Nilai yang diumumkan dan diperbaiki" },
    "chat-mention": { name: "Sebutan", about: "Saat seseorang menyebut Anda di sebuah ruang" },
    "chat-direct": { name: "Pesan langsung", about: "Pesan untuk Anda sendiri yang belum dibaca" },
    campaign: { name: "Kampanye", about: "Surat tentang donasi dan janji sumbangan" },
    digest: { name: "Ringkasan", about: "Semua kabar baru dalam satu surat" },
    security: { name: "Keamanan", about: "Proses masuk dan perubahan pada akun Anda" },
    account: { name: "Akun Anda", about: "Tautan masuk, undangan, dan keanggotaan" },
  },
};
