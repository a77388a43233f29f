/** Expirations as people write and read them. */

import { t } from './host';

const UNITS: Record<string, number> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400, w: 604_800 };

/** The times that a click sets. */
export function presets(): [label: string, seconds: number | null][] {
    return [
        [t('1 min'), 60],
        [t('1 h'), 3600],
        [t('1 day'), 86_400],
        [t('none'), null],
    ];
}

/**
 * Return the seconds since the epoch that a text names: `90s`, `1h`, `2 d`, a date and time, or
 * the seconds themselves; null for none, undefined for anything else.
 */
export function parseExpiry(text: string, now = Date.now() / 1000): number | null | undefined {
    const trimmed = text.trim();
    if (!trimmed || trimmed === 'none' || trimmed === t('none')) {
        return null;
    }
    const span = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(trimmed);
    if (span) {
        const unit = UNITS[span[2].toLowerCase()];
        return unit && Math.ceil(now + Number(span[1]) * unit);
    }
    if (/^\d{9,11}$/.test(trimmed)) {
        return Number(trimmed);
    }
    const date = Date.parse(trimmed);
    return Number.isNaN(date) || /^\d+$/.test(trimmed) ? undefined : Math.round(date / 1000);
}

/** The local date and time, in a form that `parseExpiry` reads. */
export function dateTime(seconds: number): string {
    const date = new Date(seconds * 1000);
    const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
    return local.toISOString().slice(0, 19).replace('T', ' ');
}

/** The time that is left, in its largest two units: `2 d 3 h`, `4 min 12 s`. */
export function countdown(seconds: number, now = Date.now() / 1000): string {
    let left = Math.round(seconds - now);
    if (left <= 0) {
        return t('expired');
    }
    const parts: string[] = [];
    for (const [unit, length] of [
        ['d', 86_400],
        ['h', 3600],
        ['min', 60],
        ['s', 1],
    ] as const) {
        const amount = Math.floor(left / length);
        left -= amount * length;
        if (amount || parts.length) {
            parts.push(`${amount} ${unit}`);
        }
    }
    return parts.slice(0, 2).join(' ');
}
