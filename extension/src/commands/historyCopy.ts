/** Copy the value of a change in the history. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import type { HistoryChangeNode } from '../history';
import { brief } from '../messages';
import * as prompts from '../prompts';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Copy Value',
    menus: {
        commandPalette: [{ when: 'false' }],
        'view/item/context': [
            {
                when: 'view == kvlens.history && viewItem =~ /^change/ && !listMultiSelection',
                group: '4_copy@1',
            },
        ],
    },
};

/** Copy the value after the change, or before a delete; bytes that aren't text in base64. */
export async function run({ server }: Parts, node: HistoryChangeNode): Promise<void> {
    const { config, change } = node;
    const request = { config, change: change.id, before: !change.after };
    const value = await server.ask('kvlens.historyValue', request);
    if (!value) {
        throw new prompts.NothingThere(t('The value is not in the history.'));
    }
    await vscode.env.clipboard.writeText(value.text ?? value.base64 ?? '');
    brief(t('Copied the value of {0}', change.key));
}
