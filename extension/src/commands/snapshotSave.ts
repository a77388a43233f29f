/** Save the keys of all the project's namespaces under a name. */

import * as vscode from 'vscode';
import { type Contribution, type Parts, projectOf, type Subject } from '../command';
import * as format from '../format';
import { inform } from '../messages';
import { pickProject } from '../pickNamespace';
import * as prompts from '../prompts';
import { snapshotProblem } from '../validate';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Save Snapshot…',
    about: "Save the keys of all the project's namespaces under a name",
    menus: {
        'view/title': [
            { when: 'view == kvlens.namespaces && kvlens.view == ready', group: '0_snapshot@1' },
        ],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == project', group: '1_worker@2' },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const title = t('Save Snapshot');
    const one = projectOf(node) ?? (await pickProject(parts.model, title));
    const present = await parts.server.ask('kvlens.snapshotList', { config: one.config });
    const name = await prompts.ask({
        title,
        prompt: t('Name of the snapshot, which saves all namespaces of the project'),
        placeHolder: 'before-migration',
        validateInput: snapshotProblem,
    });
    const taken = present.some((snapshot) => snapshot.name === name);
    if (taken) {
        const detail = t('The keys in it are replaced by those in the namespaces of {0}.', one.label);
        await prompts.confirm(t('Overwrite the snapshot "{0}"?', name), detail, t('Overwrite'));
    }
    const request = { config: one.config, name, force: taken };
    const { keys } = await parts.server.ask('kvlens.snapshotSave', request);
    const what = format.count(keys, 'key');
    void inform(t('Saved {0} as the snapshot "{1}".', what, name));
}
