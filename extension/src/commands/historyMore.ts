/** Load more of the history. */

import type { Contribution, Parts } from '../command';
import type { HistoryMoreNode } from '../history';

export const contribution: Contribution = {
    title: 'Load More',
    menus: { commandPalette: [{ when: 'false' }] },
};

export async function run({ history }: Parts, node: HistoryMoreNode): Promise<void> {
    await history.more(node);
}
