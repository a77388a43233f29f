/** Copy the value of a key, as text. */

import * as vscode from 'vscode';
import { type Contribution, keyOf, type Parts, type Subject, target } from '../command';
import { brief } from '../messages';
import * as prompts from '../prompts';

export const contribution: Contribution = {
    title: 'Copy Value',
    menus: { commandPalette: [{ when: 'false' }] },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const title = 'Copy Value';
    const space = await target(parts, node, title);
    const key = keyOf(node) ?? (await prompts.key(parts.server, space, title));
    const value = await parts.server.ask('kvlens.get', { ...space, key });
    if (value?.text === undefined) {
        const text = value
            ? vscode.l10n.t('The value of "{0}" isn\'t text.', key)
            : vscode.l10n.t('There is no key "{0}" now.', key);
        throw new prompts.NothingThere(text);
    }
    await vscode.env.clipboard.writeText(value.text);
    brief(vscode.l10n.t('Copied the value of "{0}"', key));
}
