/** Format numbers, names and times for people. */

import * as vscode from 'vscode';
import { distinct } from './visible';

const { t } = vscode.l10n;

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

/** What is counted: a text for one, and a text for any other number. */
const NOUNS = {
    call: (n: string) => [t('1 call'), t('{0} calls', n)],
    change: (n: string) => [t('1 change'), t('{0} changes', n)],
    file: (n: string) => [t('1 file'), t('{0} files', n)],
    key: (n: string) => [t('1 key'), t('{0} keys', n)],
    mistake: (n: string) => [t('1 mistake'), t('{0} mistakes', n)],
    namespace: (n: string) => [t('1 namespace'), t('{0} namespaces', n)],
    seedItem: (n: string) => [t('1 seed item'), t('{0} seed items', n)],
    value: (n: string) => [t('1 value'), t('{0} values', n)],
    wranglerCommand: (n: string) => [t('1 wrangler command'), t('{0} wrangler commands', n)],
};

/** "1 key", "12 keys". */
export function count(n: number, noun: keyof typeof NOUNS): string {
    const [one, many] = NOUNS[noun](n.toLocaleString('en'));
    return n === 1 ? one : many;
}

/** Names in quotation marks: a few, then how many more there are. */
export function some(names: string[], shown = 5, all = names.length): string {
    const more = all - Math.min(shown, names.length);
    const first = names.slice(0, shown).map((name) => `"${distinct(name)}"`).join(', ');
    return more > 0 ? t('{0} and {1} more', first, more.toLocaleString('en')) : first;
}

/**
 * The time until a moment: "in 3 min", "in 2 days", "in under a minute", "expired". `now` is the
 * time of the clock by which it comes. `formatting.until` of the server says the same.
 */
export function until(seconds: number, now: number): string {
    const time = left(seconds, now);
    return seconds <= now ? time : t('in {0}', time);
}

/** The time until a moment without a word before it: "3 min", "2 days". */
export function left(seconds: number, now: number): string {
    const rest = seconds - now;
    if (rest <= 0) {
        return t('expired');
    }
    const days = Math.floor(rest / 86_400);
    if (days) {
        return days === 1 ? t('1 day') : t('{0} days', days);
    }
    if (rest >= 3600) {
        return t('{0} h', Math.floor(rest / 3600));
    }
    return rest >= 60 ? t('{0} min', Math.floor(rest / 60)) : t('under a minute');
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
    const text = error instanceof Error ? error.message : String(error);
    return text.replace(/^kvlens\.\w+: /, ''); // the server's command
}
