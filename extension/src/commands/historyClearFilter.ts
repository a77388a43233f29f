/** Show the whole history again. */

import type { Contribution, Parts } from '../command';

export const contribution: Contribution = {
    title: 'Clear Filter of Changes',
    about: 'Show the changes of all keys by all writers',
    icon: '$(clear-all)',
    enablement: 'kvlens.historyFiltered',
    menus: {
        'view/title': [
            { when: 'view == kvlens.history && kvlens.historyFiltered', group: 'navigation@4' },
        ],
    },
};

export async function run({ history }: Parts): Promise<void> {
    await history.show({});
}
