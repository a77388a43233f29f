/** Show only what one writer has changed in the history. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import { pick } from '../messages';
import * as prompts from '../prompts';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Filter Changes by Writer…',
    about: 'Show only what the editor, the shell, a Worker or another writer has changed',
    icon: '$(person)',
    menus: { 'view/title': [{ when: 'view == kvlens.history', group: 'navigation@3' }] },
};

export async function run({ history }: Parts): Promise<void> {
    if (!history.writers.length) {
        throw new prompts.NothingThere(t('Nothing is recorded yet.'));
    }
    const chosen = await pick(
        history.writers.map((writer) => ({ label: writer, writer })),
        { title: t('Filter Changes by Writer') },
    );
    if (chosen) {
        await history.show({ ...history.filter, writer: chosen.writer });
    }
}
