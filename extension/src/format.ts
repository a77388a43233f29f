/** Format numbers, names and times for people. */

import { distinct } from './visible';

/** 0 B, 512 B, 1.4 KB, 25 MB. */
export function size(bytes: number): string {
    const units = ['B', 'KB', 'MB', 'GB'];
    let unit = 0;
    let amount = bytes;
    while (amount >= 1024 && unit < units.length - 1) {
        amount /= 1024;
        unit += 1;
    }
    return `${unit && amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${units[unit]}`;
}

/** "1 key", "12 keys". */
export function count(n: number, noun: string): string {
    return `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;
}

/** Names in quotation marks: a few, then how many more there are. */
export function some(names: string[], shown = 5, all = names.length): string {
    const more = all - Math.min(shown, names.length);
    const first = names.slice(0, shown).map((name) => `"${distinct(name)}"`);
    return first.join(', ') + (more > 0 ? ` and ${more.toLocaleString('en')} more` : '');
}

/** The time until a moment, `now` being the time of its clock: "in 3 min", "in 2 days", "in under a minute", "expired". */
export function until(seconds: number, now: number): string {
    const left = seconds - now;
    if (left <= 0) {
        return 'expired';
    }
    const steps: [number, string][] = [
        [86_400, 'day'],
        [3600, 'h'],
        [60, 'min'],
    ];
    for (const [length, unit] of steps) {
        const amount = Math.floor(left / length);
        if (amount >= 1) {
            return `in ${amount} ${unit === 'day' && amount > 1 ? 'days' : unit}`;
        }
    }
    return 'in under a minute';
}

/** When the text of `until` changes next, in Unix seconds. */
export function nextChange(seconds: number, now: number): number {
    const left = seconds - now;
    const step = [86_400, 3600, 60].find((length) => left >= length);
    return step ? seconds - Math.floor(left / step) * step : seconds;
}

/** The local date and time of a moment in Unix seconds. */
export function moment(seconds: number): string {
    return new Date(seconds * 1000).toLocaleString();
}

/** One line of a JSON value, shortened. */
export function oneLine(value: unknown, limit = 80): string {
    const text = JSON.stringify(value) ?? '';
    return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}

/** The message of an error. */
export function reason(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
