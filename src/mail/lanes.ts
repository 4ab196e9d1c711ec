/** Letters that never wait for one another: sign-in letters and the like, the rest of their stream, and campaigns. */
export const lanes = ["urgent", "outbound", "broadcast"] as const;

export type Lane = (typeof lanes)[number];
