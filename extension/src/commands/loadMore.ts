/** Load the next page of a long list of keys. */

import type { Contribution, Parts } from '../command';
import type { MoreNode } from '../tree/nodes';

export const contribution: Contribution = {
    title: 'Load More',
    menus: { commandPalette: [{ when: 'false' }] },
    needsTrust: false,
};

export async function run({ tree }: Parts, node: MoreNode): Promise<void> {
    await tree.more(node);
}
