/** Show only the changes of one namespace in the history. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import { pick } from '../messages';
import * as prompts from '../prompts';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Filter Changes by Namespace…',
    about: 'Show only what was changed in one namespace',
    icon: '$(database)',
    menus: { 'view/title': [{ when: 'view == kvlens.history', group: 'navigation@2' }] },
};

export async function run({ history }: Parts): Promise<void> {
    if (!history.namespaces.size) {
        throw new prompts.NothingThere(t('Nothing is recorded yet.'));
    }
    const items = [...history.namespaces].map(([id, name]) => ({
        label: name,
        description: id === name ? undefined : id,
        id,
    }));
    const chosen = await pick(items, { title: t('Filter Changes by Namespace') });
    if (chosen) {
        await history.show({ ...history.filter, id: chosen.id });
    }
}
