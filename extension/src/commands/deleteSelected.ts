/** Delete the selection in the view, with the Delete key. */

import type { Contribution, Parts } from '../command';
import { removeKeys } from '../deleteKeys';

export const contribution: Contribution = {
    title: 'Delete Selected Keys',
    menus: { commandPalette: [{ when: 'false' }] },
    keybinding: {
        key: 'delete',
        mac: 'cmd+backspace',
        when: 'focusedView == kvlens.namespaces && !inputFocus',
    },
};

export async function run(parts: Parts): Promise<void> {
    await parts.tree.settled();
    await removeKeys(parts, [...parts.view.selection]);
}
