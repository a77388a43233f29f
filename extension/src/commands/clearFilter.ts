/** Show all keys of a namespace again. */

import type { Contribution, Parts, Subject } from '../command';

export const contribution: Contribution = {
    title: 'Clear Filter',
    icon: '$(clear-all)',
    menus: {
        commandPalette: [{ when: 'false' }],
        'view/item/context': [
            {
                when: 'view == kvlens.namespaces && viewItem == namespace && kvlens.filtered',
                group: 'inline@4',
            },
            {
                when:
                    'view == kvlens.namespaces && viewItem =~ /^(namespace|unclaimed)$/ && ' +
                    'kvlens.filtered',
                group: '1_keys@4',
            },
        ],
    },
    needsTrust: false,
};

export function run({ tree }: Parts, node?: Subject): void {
    if (node?.kind === 'namespace') {
        tree.filter(node, '');
    }
}
