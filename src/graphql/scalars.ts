/** Which texts a scalar takes; `must` completes "It must be …". */
export type Check = { accepts(text: string): boolean; must: string };

const int8 = { least: -(2n ** 63n), most: 2n ** 63n - 1n };

export const checks: Record<string, Check> = {
  BigInt: {
    accepts: (text) => /^-?\d{1,19}$/.test(text) && isInt8(BigInt(text)),
    must: "a whole number of at most 63 bits",
  },
  BigFloat: {
    accepts: (text) => /^-?(\d{1,1000}(\.\d{0,1000})?|\.\d{1,1000})(e[+-]?\d{1,3})?$/i.test(text),
    must: "a number such as 12.50",
  },
  Date: { accepts: isDate, must: "a day such as 2026-08-31" },
  Datetime: {
    accepts: (text) => {
      const [, day = "", hour = 0, minute = 0, second = 0] = moment.exec(text) ?? [];
      return isDate(day) && Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
    },
    must: "a moment such as 2026-08-31T18:00:00Z, with its time zone",
  },
  Time: {
    accepts: (text) => /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$/.test(text),
    must: "a time of day such as 18:30",
  },
  Cursor: { accepts: isCursor, must: "a cursor as pageInfo or an edge gave it" },
};

const moment =
  /^(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(?:[Zz]|[+-](?:0\d|1[0-4]):?[0-5]\d|[+-](?:0\d|1[0-4]))$/;

function isInt8(number: bigint): boolean {
  return number >= int8.least && number <= int8.most;
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || text.startsWith("0000")) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

function isCursor(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(Buffer.from(text, "base64").toString()));
  } catch {
    return false;
  }
}
