/** Show the metadata of a key as JSON, and change it. */

import * as vscode from 'vscode';
import { mayBeHidden } from './clockStatus';
import type { Parts } from './command';
import { inStyle } from './jsonStyle';
import type { KeyRef } from './keys';
import { brief, input } from './messages';
import { Dismissed, NothingThere } from './prompts';
import { isModified } from './server';
import { MAX_METADATA_BYTES, metadataProblem } from './validate';
import { peek } from './values';
import { distinct } from './visible';

const { t } = vscode.l10n;

const COMPACT = { colon: ':', comma: ',', end: '' };

/** Ask for a key's metadata, and set it; after a conflict, show what it is now. */
export async function editMetadata(parts: Parts, { space, key }: KeyRef): Promise<void> {
    const name = distinct(key);
    let typed: string | undefined;
    for (;;) {
        const value = await peek(parts.server, space, key);
        if (!value) {
            throw new NothingThere(t('The key "{0}" no longer exists.', name) + mayBeHidden(space.config));
        }
        const before = value.metadataText ?? null;
        const [prompt, text]: [string, string] =
            typed === undefined
                ? [t('Metadata as JSON; empty for none'), before ?? '']
                : [t('Its metadata was changed meanwhile, to {0}', before ?? t('none')), typed];
        const answer = await askMetadata(t('Edit Metadata: "{0}"', name), prompt, text);
        const metadataText = answer || null;
        try {
            const change = { metadataText, beforeText: before };
            await parts.server.ask('kvlens.update', { ...space, keys: [key], ...change });
            brief(metadataText ? t('Metadata of "{0}" set', name) : t('"{0}" has no metadata now', name));
            return;
        } catch (error) {
            if (!isModified(error)) {
                throw error;
            }
            typed = answer;
        }
    }
}

/** Ask for metadata, and return it as JSON on one line; empty for none. */
export async function askMetadata(title: string, prompt: string, value: string): Promise<string> {
    const typed = await input({
        title,
        prompt,
        value,
        placeHolder: '{"role": "admin"}',
        ignoreFocusOut: true,
        validateInput: (text) => (text ? (metadataProblem(text) ?? used(text)) : undefined),
    });
    if (typed === undefined) {
        throw new Dismissed();
    }
    return typed && compact(typed);
}

function compact(text: string): string {
    return inStyle(text, COMPACT);
}

/** Say how much of the limit the metadata takes. */
function used(text: string): vscode.InputBoxValidationMessage {
    const bytes = Buffer.byteLength(compact(text)).toLocaleString('en');
    const limit = MAX_METADATA_BYTES.toLocaleString('en');
    const message = t('{0} of {1} bytes', bytes, limit);
    return { message, severity: vscode.InputBoxValidationSeverity.Info };
}
