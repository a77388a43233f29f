/** Stop a project's Worker. */

import { type Contribution, type Parts, projectOf, type Subject } from '../command';
import { brief } from '../messages';

export const contribution: Contribution = {
    title: 'Stop Worker',
    about: 'Stop the Worker',
    icon: '$(debug-stop)',
    enablement: 'kvlens.worker',
    menus: {
        'view/title': [
            { when: 'view == kvlens.namespaces && kvlens.worker', group: 'navigation@3' },
        ],
    },
    needsTrust: false,
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const config = await parts.workers.pick(projectOf(node)?.config, 'Stop Worker');
    await parts.server.ask('kvlens.stop', { config });
    brief('The Worker has stopped');
}
