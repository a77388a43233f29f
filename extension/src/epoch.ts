/** Numbers that stand for a moment. */

const EARLIEST = 978_307_200; // 2001, in seconds: a smaller number is rarely a time
const LATEST = 4_102_444_800; // 2100

/** The moment that a number of ten or thirteen digits stands for. */
export function dateOf(text: string): string | undefined {
    const digits = /^\s*(\d{10}|\d{13})\s*$/.exec(text)?.[1];
    const seconds = digits && Number(digits) / (digits.length === 13 ? 1000 : 1);
    return seconds && seconds >= EARLIEST && seconds < LATEST
        ? new Date(seconds * 1000).toISOString()
        : undefined;
}

const TIMES = new Set(
    'exp iat nbf ts at time date timestamp expires expiry expiration created updated modified until since'.split(' '),
);

/** The same for a member of JSON, if its name says that it is a moment: `exp`, `createdAt`. */
export function dateOfMember(name: string, text: string): string | undefined {
    const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase().split(/[\s_-]+/);
    return TIMES.has(words.at(-1) ?? '') ? dateOf(text) : undefined;
}
