/** Move the keys of an undeclared namespace to a namespace of the config. */

import * as vscode from 'vscode';
import { nameOf } from '../address';
import { CHANGED } from '../askAgain';
import { type Contribution, type Parts, type Subject, where } from '../command';
import * as format from '../format';
import { brief } from '../messages';
import { pickNamespaceOf } from '../pickNamespace';
import * as prompts from '../prompts';
import type { Project } from '../protocol';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Move Keys to Namespace…',
    about: 'Move the keys of a namespace that no config declares; in the menu of its row',
    icon: '$(arrow-swap)',
    menus: {
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == unclaimed', group: 'inline@1' },
            { when: 'view == kvlens.namespaces && viewItem == unclaimed', group: '1_keys@1' },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const given = node?.kind === 'namespace' && node.namespace.unclaimed;
    const { project, id, keys } = given
        ? { project: node.project, id: node.namespace.id, keys: node.namespace.keys ?? 0 }
        : await pickUnclaimed(parts, t('Move Keys to Namespace'));
    const from = id;
    const what = format.count(keys, 'key');
    const space = await pickNamespaceOf([project], t('Move {0} of {1}', what, from));
    const request = { ...space, from };
    const detail = t('From "{0}" to {1} in {2}.', from, nameOf(space), where(parts, space));
    await prompts.confirm(t('Move {0} to {1}?', what, nameOf(space)), detail, t('Move'));
    let done = await parts.server.ask('kvlens.moveKeys', request);
    for (let again: string[] = []; done.digest; again = CHANGED) {
        const { conflicts, keys, digest } = done;
        const detail = t('{0}. Nothing has been moved yet.', format.some(keys, 5, conflicts));
        const rest = t('Move the Others');
        const existing = await prompts.existing(space, [detail, ...again], conflicts, rest);
        const answer = { ...request, existing, expected: digest };
        done = await parts.server.ask('kvlens.moveKeys', answer);
    }
    const moved = format.count(done.moved, 'key');
    brief(t('Moved {0} to {1}', moved, nameOf(space)));
}

/** Ask for a namespace with keys that isn't in any config; if there is only one, return it. */
async function pickUnclaimed(
    { model }: Parts,
    title: string,
): Promise<{ project: Project; id: string; keys: number }> {
    await model.ready();
    const all = model.projects.flatMap((project) =>
        (project.unclaimed ?? []).map(({ id, keys }) => ({ project, id, keys })),
    );
    if (!all.length) {
        throw new prompts.NothingThere(t('Every key of the store is in a namespace that a config declares.'));
    }
    if (all.length === 1) {
        return all[0];
    }
    const choices = all.map((one) => ({
        label: one.id,
        description: format.count(one.keys, 'key'),
        detail: model.projects.length > 1 ? one.project.label : undefined,
        value: one,
    }));
    return prompts.choose(choices, title, t('Which keys?'));
}
