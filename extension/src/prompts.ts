/** Prompts of commands, which end a command when they are dismissed. */

import * as vscode from 'vscode';
import { nameOf } from './address';
import * as format from './format';
import { dialog, input, pick } from './messages';
import type { NamespaceRef } from './model';

const { t } = vscode.l10n;

/** The user dismissed a prompt: the command ends silently. */
export class Dismissed extends Error {}

/** There is nothing to choose from; the text says why and what to do. */
export class NothingThere extends Error {}

/** The workspace isn't trusted. The text says what that means. */
export class NotTrusted extends Error {}

/** An item of a list, and what it is chosen for. */
export interface Choice<T> extends vscode.QuickPickItem {
    value: T;
}

/** Ask for one of the choices. */
export async function choose<T>(choices: Choice<T>[], title: string, placeHolder: string): Promise<T> {
    const options = { title, placeHolder, matchOnDescription: true, matchOnDetail: true };
    const chosen = await pick(choices, options);
    if (!chosen) {
        throw new Dismissed();
    }
    return chosen.value;
}

/** Ask for a text. */
export async function ask(options: vscode.InputBoxOptions): Promise<string> {
    const text = await input({ ignoreFocusOut: true, ...options });
    if (text === undefined) {
        throw new Dismissed();
    }
    return text;
}

/** Ask before something is lost. */
export async function confirm(
    question: string,
    detail: string | string[],
    action: string,
): Promise<void> {
    if ((await dialog(question, [detail].flat(), action)) !== action) {
        throw new Dismissed();
    }
}

/** Ask what to do with keys that a namespace has with other content. */
export async function existing(
    space: NamespaceRef,
    lines: string[],
    conflicts: number,
    keep: string,
): Promise<'keep' | 'overwrite'> {
    const question = t('{0} has {1} with other content.', nameOf(space), format.count(conflicts, 'key'));
    const overwrite = t('Overwrite');
    const chosen = await dialog(question, lines, overwrite, keep);
    if (chosen === undefined) {
        throw new Dismissed();
    }
    return chosen === overwrite ? 'overwrite' : 'keep';
}
