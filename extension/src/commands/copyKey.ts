/** Copy the name of a key in the view, or of the value in the editor. */

import * as vscode from 'vscode';
import { placeOf, SCHEME } from '../address';
import type { Contribution, Parts, Subject } from '../command';

export const contribution: Contribution = {
    title: 'Copy Key',
    about: 'Copy the name of the open key',
    menus: {
        commandPalette: [{ when: 'resourceScheme == kvlens' }],
        'view/item/context': [
            {
                when: 'view == kvlens.namespaces && viewItem == key && !listMultiSelection',
                group: '2_copy@1',
            },
        ],
    },
    needsTrust: false,
};

export async function run(_: Parts, node?: Subject): Promise<void> {
    const active = vscode.window.activeTextEditor?.document.uri;
    const name =
        node?.kind === 'key'
            ? node.key.name
            : active?.scheme === SCHEME
              ? placeOf(active).key
              : undefined;
    if (name !== undefined) {
        await vscode.env.clipboard.writeText(name);
    }
}
