/** Expirations as people write and read them. */

import type { Clock } from '../../src/protocol';
import { span, timeOf } from '../../src/clock';
import { t } from './host';

const UNITS: Record<string, number> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400, w: 604_800 };

const SPAN = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i;
const LEAST = 60; // seconds from now, of Workers KV

let clock: Clock | undefined;

/** Use the clock of the namespace; undefined is the real one. */
export function keepClock(moved: Clock | undefined): void {
    clock = moved;
}

/** The time by which keys expire, in seconds since the epoch. */
export function now(): number {
    return timeOf(clock);
}

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
export function parseExpiry(text: string): number | null | undefined {
    const trimmed = text.trim();
    if (!trimmed || trimmed === 'none' || trimmed === t('none')) {
        return null;
    }
    const seconds = spanOf(trimmed);
    if (seconds !== undefined) {
        return Number.isNaN(seconds) ? undefined : Math.ceil(now() + seconds);
    }
    if (/^\d{9,11}$/.test(trimmed)) {
        return Number(trimmed);
    }
    const date = Date.parse(trimmed);
    return Number.isNaN(date) || /^\d+$/.test(trimmed) ? undefined : Math.round(date / 1000);
}

/** The seconds of a text such as `2h`: NaN for an unknown unit, undefined for other texts. */
function spanOf(text: string): number | undefined {
    const span = SPAN.exec(text);
    return span ? Number(span[1]) * (UNITS[span[2].toLowerCase()] ?? NaN) : undefined;
}

/** The change that a text means, or what is wrong with it. A duration counts from the save. */
export function expiryOf(text: string): { expiration: number | null; ttl?: number } | string {
    const expiration = parseExpiry(text);
    if (expiration === undefined) {
        return t('"{0}" is not a time. Write 90s, 1h, 2d, none, or a date such as {1}.', text, dateTime(now()));
    }
    const ttl = spanOf(text.trim());
    if (expiration !== null && (ttl ?? expiration - now()) < LEAST) {
        return t('A key expires {0} seconds from now at the earliest.', LEAST);
    }
    return ttl === undefined ? { expiration } : { expiration, ttl };
}

/** The local date and time, in a form that `parseExpiry` reads. */
export function dateTime(seconds: number): string {
    const date = new Date(seconds * 1000);
    const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
    return local.toISOString().slice(0, 19).replace('T', ' ');
}

/** The time that is left, in its largest two units: `2 d 3 h`, `4 min 12 s`. */
export function countdown(seconds: number): string {
    const left = Math.round(seconds - now());
    return left > 0 ? span(left) : t('expired');
}
