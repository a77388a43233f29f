/** Where the keys of a table are: its title, and what it says about the store. */

import { inShort } from '../clockStatus';
import { type Model, type NamespaceRef, placeOf as storeOf, whereIs } from '../model';
import type { Project } from '../protocol';
import type { TableDocument } from './document';
import type { Place } from './messages';

/** Return where the keys of a table are. */
export function placeOf(model: Model, { namespace, key, readOnly }: TableDocument): Place {
    const project = model.project(namespace.config);
    return {
        title: key ?? namespace.binding,
        namespace,
        where: whereIs(namespace, project),
        word: project ? storeOf(project).word : '',
        remote: /^(cloudflare|rediss?|rediss?\+cluster):/.test(project?.store ?? ''),
        readOnly,
        ...(project && isGone(project, namespace) ? { gone: project.label } : {}),
        ...(project?.clock ? { clock: project.clock, moved: inShort(project.clock) } : {}),
    };
}

/** Whether a config that can be read no longer declares a namespace. */
function isGone({ namespaces, problem }: Project, { id }: NamespaceRef): boolean {
    return !problem && namespaces.length > 0 && namespaces.every((one) => one.id !== id);
}
