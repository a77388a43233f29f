/** Ask when keys expire, and change that. */

import * as vscode from 'vscode';
import type { Parts } from './command';
import * as format from './format';
import { bySpace, type KeyRef } from './keys';
import { brief, input, item, pick } from './messages';
import { Dismissed } from './prompts';
import { parseExpiry } from './validate';
import { peek } from './values';

/** An answer: a time in Unix seconds, null for never, or a duration in seconds. */
export type Expiry = { expiration: number | null } | { expirationTtl: number };

/** Ask when something expires; `now` is its current expiration in Unix seconds, if it is known. */
export async function askExpiry(title: string, now?: number | null): Promise<Expiry> {
    const { t } = vscode.l10n;
    const presets: (vscode.QuickPickItem & { expiry?: Expiry })[] = [
        { label: t('In 1 minute'), expiry: { expirationTtl: 60 } },
        { label: t('In 1 hour'), expiry: { expirationTtl: 3600 } },
        { label: t('In 1 day'), expiry: { expirationTtl: 86_400 } },
        { label: t('Never'), expiry: { expiration: null } },
        { label: t('At a time or after a duration…') },
    ];
    const placeHolder = now
        ? t('Expires {0}, {1}', format.until(now), format.moment(now))
        : t('When does it expire?');
    const chosen = await pick(presets.map(item), { title, placeHolder });
    if (!chosen) {
        throw new Dismissed();
    }
    return chosen.expiry ?? (await askTime(title, now));
}

async function askTime(title: string, now?: number | null): Promise<Expiry> {
    const typed = await input({
        title,
        value: now ? localTime(now) : '',
        prompt: vscode.l10n.t('A local time (2030-01-31T12:00) or a duration (90s, 10m, 2h, 7d)'),
        placeHolder: '2030-01-31T12:00',
        ignoreFocusOut: true,
        validateInput: (text) => {
            const parsed = parseExpiry(text);
            return 'problem' in parsed ? parsed.problem : undefined;
        },
    });
    const parsed = typed === undefined ? undefined : parseExpiry(typed);
    if (!parsed || 'problem' in parsed) {
        throw new Dismissed();
    }
    return parsed;
}

/** Ask when keys expire, and set it, in each namespace for all of its keys or none. */
export async function setExpiration(parts: Parts, refs: KeyRef[]): Promise<void> {
    const { t } = vscode.l10n;
    const what = described(refs);
    const [{ space, key }] = refs;
    const known = refs.length === 1 ? await peek(parts.server, space, key) : null;
    const expiry = await askExpiry(t('Set Expiration: {0}', what), known?.expiration);
    for (const { space, keys } of bySpace(refs)) {
        await parts.server.ask('kvlens.update', { ...space, keys, ...expiry });
    }
    const never = 'expiration' in expiry && expiry.expiration === null;
    brief(never ? t('{0}: never expires', what) : t('{0}: expiration set', what));
}

/** Name one key, or count several. */
export function described(refs: KeyRef[]): string {
    return refs.length === 1 ? format.some([refs[0].key]) : format.count(refs.length, 'key');
}

/** A moment as `parseExpiry` takes it: local, to the second. */
function localTime(seconds: number): string {
    const local = new Date(seconds * 1000 - new Date(seconds * 1000).getTimezoneOffset() * 60_000);
    return local.toISOString().slice(0, 19);
}
