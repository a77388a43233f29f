/** Compare an edited value with the stored one and with what both come from. */

import type * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import { activeValue } from '../keys';

export const contribution: Contribution = {
    title: 'Compare Versions',
    about:
        'If another program has changed the value that you edit: compare your text, the stored ' +
        'value and what both come from, and merge them',
    icon: '$(git-compare)',
    menus: {
        commandPalette: [{ when: 'kvlens.conflict' }],
        'editor/title': [
            { when: 'resourceScheme == kvlens && kvlens.conflict', group: 'navigation@0' },
        ],
    },
    needsTrust: false,
};

export async function run({ versions }: Parts, uri?: vscode.Uri): Promise<void> {
    const active = uri ?? activeValue();
    if (active) {
        await versions.compare(active);
    }
}
