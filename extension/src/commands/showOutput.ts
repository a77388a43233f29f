/** Show what the Workers print. */

import type { Contribution, Parts } from '../command';

export const contribution: Contribution = {
    title: 'Show Worker Output',
    about: "Show the Worker's console output and exceptions",
    menus: {
        'view/title': [
            { when: 'view == kvlens.namespaces && kvlens.worker', group: '0_worker@2' },
        ],
    },
    needsTrust: false,
};

export function run({ workers }: Parts): void {
    workers.output.show();
}
