/** Seed each namespace of a project from the file in `seeds/` with its name. */

import * as vscode from 'vscode';
import { type Contribution, type Parts, projectOf, type Subject } from '../command';
import * as format from '../format';
import { pickProject } from '../pickNamespace';
import * as prompts from '../prompts';
import { offerUndo } from '../undo';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Seed All Namespaces',
    about: 'Seed each namespace of the top level from the file in `seeds/` with its name, if no key is replaced',
    icon: '$(cloud-upload)',
    menus: {
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == project', group: '1_project@2' },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const one = projectOf(node) ?? (await pickProject(parts.model, t('Seed All Namespaces')));
    const request = { config: one.config };
    const { written, namespaces, conflicts, action } = await parts.server.ask('kvlens.seedAll', request);
    if (conflicts) {
        throw new prompts.NothingThere(
            t(
                'Nothing was written, because it would replace {0}. Seed the namespaces one by one.',
                format.count(conflicts, 'key'),
            ),
        );
    }
    const done = t(
        'Seeded {0} into {1}.',
        format.count(written, 'key'),
        format.count(namespaces, 'namespace'),
    );
    void offerUndo(parts.server, done, [{ config: one.config, action }]);
}
