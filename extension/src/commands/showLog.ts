/** Show the log. */

import type { Contribution, Parts } from '../command';

export const contribution: Contribution = {
    title: 'Show Log',
    about: 'Show the log',
    menus: {
        'view/title': [{ when: 'view == kvlens.namespaces', group: '2_log@1' }],
    },
    needsTrust: false,
};

export function run({ server }: Parts): void {
    server.log.show();
}
