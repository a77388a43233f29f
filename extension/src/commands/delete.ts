/** Delete the keys that are selected in the view, or prompt for one. */

import { uriOf } from '../address';
import { type Contribution, type Parts, type Subject, target } from '../command';
import { refOf, removeGroups, removeKeys } from '../deleteKeys';
import * as prompts from '../prompts';
import type { KeyNode, Node } from '../tree';

export const contribution: Contribution = {
    title: 'Delete Key…',
    about: 'Delete a key',
    menus: {
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == key', group: '4_danger@1' },
        ],
    },
};

export async function run(parts: Parts, node?: Subject, selection?: Node[]): Promise<void> {
    if (node?.kind === 'key') {
        // As in all of VS Code: the menu of an unselected row applies only to that row.
        const selected = selection?.some((one) => one.kind === 'key' && same(one, node));
        await removeKeys(parts, selected && selection ? selection : [node]);
        return;
    }
    const space = await target(parts, node, 'Delete Key');
    const key = await prompts.key(parts.server, space, 'Delete Key');
    await removeGroups(parts, [{ space, keys: [key] }]);
}

function same(one: KeyNode, other: KeyNode): boolean {
    const [a, b] = [one, other].map((node) => uriOf(refOf(node), node.key.name).toString());
    return a === b;
}
