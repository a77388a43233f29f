/** Validate a key, a metadata value or an expiration as it is typed. */

import * as vscode from 'vscode';
import { inStyle, jsonProblem } from './jsonStyle';

const { t } = vscode.l10n;

export const MAX_KEY_BYTES = 512;
export const MAX_METADATA_BYTES = 1024;
export const MIN_TTL_SECONDS = 60;

/** Return what is wrong with a key name, else undefined. */
export function keyProblem(key: string): string | undefined {
    if (!key) {
        return t("A key name can't be empty.");
    }
    if (key === '.' || key === '..') {
        return t('"{0}" isn\'t allowed as a key name.', key);
    }
    const bytes = Buffer.byteLength(key);
    if (bytes > MAX_KEY_BYTES) {
        return t('This name is {0} bytes in UTF-8; the limit is {1}.', bytes, MAX_KEY_BYTES);
    }
    return undefined;
}

/** Return what is wrong with metadata typed as JSON, else undefined. */
export function metadataProblem(text: string): string | undefined {
    const problem = jsonProblem(text);
    if (problem !== undefined) {
        return t('Not JSON: {0}', problem);
    }
    const bytes = Buffer.byteLength(inStyle(text, { colon: ':', comma: ',', end: '' }));
    return bytes > MAX_METADATA_BYTES
        ? t('This is {0} bytes as JSON; the limit is {1}.', bytes, MAX_METADATA_BYTES)
        : undefined;
}

const UNITS: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Return an expiration typed as a duration (`90`, `90s`, `10m`, `2h`, `7d`) or a date. */
export function parseExpiry(
    text: string,
): { expirationTtl: number } | { expiration: number } | { problem: string } {
    const duration = /^(\d+)\s*([smhdw]?)$/i.exec(text.trim());
    if (duration) {
        const seconds = Number(duration[1]) * UNITS[duration[2].toLowerCase()];
        return seconds < MIN_TTL_SECONDS
            ? { problem: t('The minimum is {0} seconds.', MIN_TTL_SECONDS) }
            : { expirationTtl: seconds };
    }
    const date = /^\d{4}-\d\d-\d\d/.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN;
    if (Number.isNaN(date)) {
        return { problem: t('Enter a duration (90s, 10m, 2h, 7d) or a date (2030-01-31T12:00).') };
    }
    return date / 1000 < Date.now() / 1000 + MIN_TTL_SECONDS
        ? { problem: t('This has to be at least {0} seconds from now.', MIN_TTL_SECONDS) }
        : { expiration: Math.floor(date / 1000) };
}

/** Return what is wrong with a binding's name, else undefined. */
export function bindingProblem(name: string, taken: string[]): string | undefined {
    if (!/^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u.test(name)) {
        return t("Use letters, digits, _ and $, and don't start with a digit: the Worker uses env.NAME.");
    }
    return taken.includes(name) ? t('There is already a binding {0} here.', name) : undefined;
}

/** Return what is wrong with a snapshot's name, which is also a folder's name. */
export function snapshotProblem(name: string): string | undefined {
    return /^\w[\w.-]{0,63}$/.test(name) && !name.endsWith('.')
        ? undefined
        : t('Use up to 64 letters, digits, -, _ and . (starting with a letter, digit or _).');
}
