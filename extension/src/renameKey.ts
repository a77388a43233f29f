/** Rename or duplicate a key; an open value moves with it. */

import * as vscode from 'vscode';
import { placeOf, SCHEME, uriOf } from './address';
import type { Parts } from './command';
import type { KeyRef } from './keys';
import { brief, input } from './messages';
import { documentOf, follow } from './openDocuments';
import { openRaw } from './openValue';
import { confirm, Dismissed, NothingThere } from './prompts';
import { keyProblem } from './validate';
import { distinct } from './visible';

/** Ask for a new name of a key, and rename it, in one change. */
export async function renameKey(parts: Parts, ref: KeyRef): Promise<void> {
    const { t } = vscode.l10n;
    const to = await askName(t('Rename Key: "{0}"', distinct(ref.key)), ref.key);
    await saveFirst(ref);
    if (await copied(parts, ref, to, false)) {
        await moveTabs(ref, to);
        brief(t('Renamed "{0}" to "{1}"', distinct(ref.key), distinct(to)));
    }
}

/** Ask for the name of a copy of a key, and make it in the same namespace. */
export async function duplicateKey(parts: Parts, ref: KeyRef): Promise<void> {
    const { t } = vscode.l10n;
    const to = await askName(t('Duplicate Key: "{0}"', distinct(ref.key)), `${ref.key}-copy`);
    if (await copied(parts, ref, to, true)) {
        brief(t('Copied "{0}" to "{1}"', distinct(ref.key), distinct(to)));
    }
}

async function askName(title: string, name: string): Promise<string> {
    const typed = await input({
        title,
        value: name,
        prompt: vscode.l10n.t('The new name; metadata and expiration are kept'),
        ignoreFocusOut: true,
        validateInput: keyProblem,
    });
    if (typed === undefined || typed === name) {
        throw new Dismissed();
    }
    return typed;
}

/** Rename or copy a key, after a question if there is one with the new name. */
async function copied(parts: Parts, { space, key }: KeyRef, to: string, keep: boolean): Promise<boolean> {
    const { t } = vscode.l10n;
    const request = { ...space, key, to, keep };
    let done = await parts.server.ask('kvlens.rename', request);
    for (let again = false; !done.renamed; again = true) {
        const question = t('There is a key "{0}". Replace it?', distinct(to));
        const lines = [t('Its value, metadata and expiration are lost.')];
        if (again) {
            lines.push(t('It has changed since you were asked.'));
        }
        await confirm(question, lines, t('Replace'));
        done = await parts.server.ask('kvlens.rename', { ...request, expected: done.digest });
    }
    return done.renamed;
}

/** Save an open value with unsaved changes, after a question. */
async function saveFirst({ space, key }: KeyRef): Promise<void> {
    const { t } = vscode.l10n;
    const open = documentOf(uriOf(space, key));
    if (!open?.isDirty) {
        return;
    }
    const question = t('"{0}" has unsaved changes.', distinct(key));
    await confirm(question, t('They are saved before it is renamed.'), t('Save and Rename'));
    if (!(await open.save())) {
        throw new NothingThere(t('"{0}" was not saved, so it was not renamed.', distinct(key)));
    }
}

/** Show the renamed key in the tabs that show it. */
async function moveTabs({ space, key }: KeyRef, to: string): Promise<void> {
    await follow(uriOf(space, key), uriOf(space, to));
    for (const tab of vscode.window.tabGroups.all.flatMap((group) => group.tabs)) {
        const { uri, viewType } = tab.input as { uri?: vscode.Uri; viewType?: string };
        if (!viewType || uri?.scheme !== SCHEME) {
            continue;
        }
        const place = placeOf(uri);
        if (place.key === key && place.id === space.id && place.config === space.config) {
            await openRaw(uriOf(space, to), viewType);
            await vscode.window.tabGroups.close(tab);
        }
    }
}
