/** Open a namespace as a table, from its menu. */

import type { Contribution } from '../command';

export { run } from './openNamespace';

export const contribution: Contribution = {
    title: 'Open as Table',
    menus: {
        commandPalette: [{ when: 'false' }],
        'view/item/context': [
            {
                when: 'view == kvlens.namespaces && viewItem =~ /^(namespace|unclaimed)/ && !listMultiSelection',
                group: '0_open@1',
            },
        ],
    },
};
