/** Where the operator of the local mode keeps what is its own. */
export const systemNamespace = 'millrace-system';
