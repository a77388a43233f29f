/** Rename the selected key of the view, with F2. */

import type { Contribution, Parts } from '../command';
import { refOf } from '../keys';
import { renameKey } from '../renameKey';

export const contribution: Contribution = {
    title: 'Rename Selected Key',
    menus: { commandPalette: [{ when: 'false' }] },
    keybinding: { key: 'f2', when: 'focusedView == kvlens.namespaces && !inputFocus' },
};

export async function run(parts: Parts): Promise<void> {
    await parts.tree.settled();
    const [node] = parts.view.selection;
    if (node?.kind === 'key') {
        await renameKey(parts, refOf(node));
    }
}
