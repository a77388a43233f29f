/** What has failed, at the end of a tab. */

import type { JSX } from 'preact';
import { t } from './host';
import type { Watched } from './watched';

interface Failing extends Watched {
    failure: string;
    /** Whether reading has failed. */
    canRetry: boolean;
}

export function Failure({ model, retry }: { model: Failing; retry: () => void }): JSX.Element | null {
    return model.failure ? (
        <span class="failure" role="alert">
            {model.failure}{' '}
            {model.canRetry && (
                <button type="button" onClick={retry}>
                    {t('Retry')}
                </button>
            )}
            <button
                type="button"
                aria-label={t('Dismiss')}
                onClick={() => {
                    model.failure = '';
                    model.notify();
                }}
            >
                ×
            </button>
        </span>
    ) : null;
}
