/** Read the namespaces again. */

import type { Contribution, Parts } from '../command';

export const contribution: Contribution = {
    title: 'Refresh',
    about: 'Read the tree again',
    icon: '$(refresh)',
    menus: {
        'view/title': [{ when: 'view == kvlens.namespaces', group: 'navigation@2' }],
    },
    needsTrust: false,
};

export async function run({ model }: Parts): Promise<void> {
    await model.refresh();
}
