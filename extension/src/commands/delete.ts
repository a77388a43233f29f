/** Delete the keys that are selected in the view, or prompt for one. */

import { isDeepStrictEqual } from 'node:util';
import * as vscode from 'vscode';
import { type Contribution, type Parts, type Subject, target } from '../command';
import { removeGroups, removeKeys } from '../deleteKeys';
import { pickKey } from '../pickKey';
import { type FolderNode, type KeyNode, namespaceOf, type Node } from '../tree/nodes';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Delete Key…',
    about: 'Delete a key',
    menus: {
        'view/item/context': [
            {
                when: 'view == kvlens.namespaces && viewItem =~ /^(key|folder)$/',
                group: '9_danger@1',
            },
        ],
    },
};

export async function run(parts: Parts, node?: Subject, selection?: Node[]): Promise<void> {
    if (node?.kind === 'key' || node?.kind === 'folder') {
        // As in all of VS Code: the menu of an unselected row applies only to that row.
        const selected = selection?.some((one) => isSame(one, node));
        await removeKeys(parts, selected && selection ? selection : [node]);
        return;
    }
    const space = await target(parts, node, t('Delete Key'));
    const key = await pickKey(parts.server, space, t('Delete Key'));
    await removeGroups(parts, [{ space, keys: [key] }]);
}

function isSame(one: Node, other: KeyNode | FolderNode): boolean {
    const name = (node: KeyNode | FolderNode): string =>
        node.kind === 'key' ? node.key.name : node.prefix;
    return (
        one.kind === other.kind &&
        name(one) === name(other) &&
        isDeepStrictEqual(namespaceOf(one), namespaceOf(other))
    );
}
